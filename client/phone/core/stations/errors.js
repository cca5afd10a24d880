/** What can be wrong with a pack of stations or a question to it. */

import { Malformed, TocsinError } from "../../protocol/errors.js";

export class StationsError extends TocsinError {
  static code = "stations";
}

export class PackMalformed extends Malformed {
  static code = "pack-malformed";
}

export class PackChanged extends StationsError {
  static code = "pack-changed";
}

export class PackOlder extends StationsError {
  static code = "pack-older";
}

export class PackOther extends StationsError {
  static code = "pack-other";
}

export class BadPosition extends StationsError {
  static code = "position-wrong";
}
