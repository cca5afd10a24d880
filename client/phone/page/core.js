/**
 * What the first screen needs. Every chunk that is loaded later imports this by way of `pressing.js`, so that the bundler
 * sees two sets of modules that belong together and makes one file of each: twelve small ones cost twelve headers and
 * compress worse.
 */
export { openStore } from "../store.js";
export { ACTIVE, App, KIT } from "./app.js";
export { chosenLanguage, storedLanguage } from "./language.js";
export { start } from "./start.js";
export { tried } from "./trying.js";
export { welcome } from "./welcome.js";
export { learn, speak } from "./words.js";
export { startWorker } from "./worker.js";
