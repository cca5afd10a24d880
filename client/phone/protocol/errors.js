/**
 * The ladder of errors: same classes and codes as `keys/errors.py`. The words for people are in `words/`, by code.
 *
 * An error never carries a secret, an address or a word of a report, so it can be shown and logged as it is.
 */

export class TocsinError extends Error {
  /** @type {string} */ static code = "error";

  /** @param {string} [detail] a size or a field's name, never its content */
  constructor(detail = "") {
    super(detail);
    this.detail = detail;
  }

  /** @returns {string} stable; may cross the wire */
  get code() {
    return /** @type {typeof TocsinError} */ (this.constructor).code;
  }
}

export class Malformed extends TocsinError {
  static code = "malformed";
}
export class NotANote extends Malformed {
  static code = "note-malformed";
}
export class NoteUnsigned extends TocsinError {
  static code = "note-unsigned";
}
export class BadCode extends Malformed {
  static code = "code-malformed";
}
export class OtherCode extends BadCode {
  static code = "code-other-kind";
}
export class BadAddress extends Malformed {
  static code = "relay-address";
}
export class CodeTooLong extends TocsinError {
  static code = "code-too-long";
}

export class BadReceipt extends TocsinError {
  static code = "receipt";
}

export class EnvelopeError extends TocsinError {
  static code = "envelope";
}
export class WrongSize extends EnvelopeError {
  static code = "envelope-size";
}
export class UnknownSuite extends EnvelopeError {
  static code = "envelope-suite";
}
export class TooMuchContent extends EnvelopeError {
  static code = "content-too-large";
}
export class NotForUs extends EnvelopeError {
  static code = "envelope-not-for-us";
}
export class BadPlaintext extends EnvelopeError {
  static code = "plaintext-malformed";
}
export class BadPadding extends BadPlaintext {
  static code = "plaintext-padding";
}
export class BadHeader extends BadPlaintext {
  static code = "plaintext-header";
}
export class UnknownVersion extends EnvelopeError {
  static code = "message-version";
}
export class BadMessage extends EnvelopeError {
  static code = "message-malformed";
}
export class NotAuthentic extends EnvelopeError {
  static code = "message-not-authentic";
}

export class CardError extends TocsinError {
  static code = "card";
}
export class BadCard extends CardError {
  static code = "card-malformed";
}
export class CardOlder extends CardError {
  static code = "card-older";
}
export class CardOtherRoot extends CardError {
  static code = "card-other-root";
}

export class KeystoreError extends TocsinError {
  static code = "keystore";
}
export class WrongPassphrase extends KeystoreError {
  static code = "passphrase-wrong";
}
export class KeystoreCut extends KeystoreError {
  static code = "keystore-damaged";
}
