/** PIN, vault, and the answers whose keys are in it. Loaded when first asked for. */
export { pull } from "./collecting.js";
export { stretching } from "./pin.js";
export { newReplyBlock, openReplies, openReply, replyMailbox } from "./replies.js";
export { CONTENT_BYTES, changePin, createVault, emptyVault, openVault, saveVault, setDecoy } from "./vault.js";
