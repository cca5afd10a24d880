/** The browser's position, asked for only when the person allowed it or pressed. In memory, never stored. */
/** @import { Fix } from "./location-updates.js" */

/** @typedef {"off" | "asking" | "on" | "refused" | "none"} PositionState */

export class Position {
  constructor() {
    /** @type {Fix | null} */ this.last = null;
    /** @type {PositionState} */ this.state = "off";
    /** @type {() => void} */ this.changed = () => {};
    this.watchId = 0;
  }

  /** Follow the position if that needs no question. */
  async startIfAllowed() {
    try {
      const { state } = await navigator.permissions.query({ name: "geolocation" });
      if (state === "granted") this.start();
    } catch {
      // a browser that cannot say has to be asked, and that waits for the press
    }
  }

  start() {
    if (this.watchId) return;
    if (!navigator.geolocation) return this.become("none");
    this.become("asking");
    const failed = (/** @type {GeolocationPositionError} */ { code }) => this.become(code === 1 ? "refused" : "none");
    // The first answer is what the phone knows already, however old; its age goes along.
    const known = { maximumAge: Number.POSITIVE_INFINITY, timeout: 5_000 };
    navigator.geolocation.getCurrentPosition(
      (found) => this.found(found),
      () => {},
      known,
    );
    const fresh = { enableHighAccuracy: true, maximumAge: 0 };
    this.watchId = navigator.geolocation.watchPosition((found) => this.found(found), failed, fresh);
  }

  stop() {
    if (this.watchId) navigator.geolocation.clearWatch(this.watchId);
    this.watchId = 0;
    this.become("off");
  }

  /** @param {GeolocationPosition} found */
  found({ coords, timestamp }) {
    const fix = { lat: coords.latitude, lon: coords.longitude, accuracy: coords.accuracy, at: timestamp };
    if (!this.last || fix.at >= this.last.at) this.last = fix;
    this.become("on");
  }

  /** @param {PositionState} state */
  become(state) {
    this.state = state;
    if (state === "refused" && this.watchId) {
      navigator.geolocation.clearWatch(this.watchId);
      this.watchId = 0;
    }
    this.changed();
  }
}
