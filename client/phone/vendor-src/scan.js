/** Reading QR codes, apart from the rest: once in the life of a phone, and only where the browser cannot. */
export { default as decodeQR } from "qr/decode.js";
