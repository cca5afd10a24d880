/** Drawing QR codes, apart from the rest: whoever adds a contact. */
export { default as encodeQR } from "qr";
