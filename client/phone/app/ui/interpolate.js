/** Put an element into the gap `#` of a text: a number keeps its own direction there. @param {string} text
 *  @param {Node} node */
export function interpolateNode(text, node) {
  const [before, after = ""] = text.split("#");
  return [before, node, after];
}
