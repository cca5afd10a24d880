"""axe-core, which checks a page for people who read it with a screen reader."""

from pathlib import Path

AXE = Path(__file__).parents[3] / "client" / "phone" / "node_modules" / "axe-core" / "axe.min.js"


RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}"""
