/** Three soft tones and a shake, for an alert that comes while the app is open. */
const TONES = [660, 880, 660];
const TONE_SECONDS = 0.35;
const LOUDNESS = 0.4;

/** Play three tones and shake the phone. */
export function playAlertSound() {
  navigator.vibrate?.([400, 200, 400, 200, 400]);
  if (!globalThis.AudioContext) return;
  const audio = new AudioContext();
  for (const [i, tone] of TONES.entries()) play(audio, tone, audio.currentTime + i * TONE_SECONDS * 1.3);
  setTimeout(() => audio.close().catch(() => {}), TONES.length * TONE_SECONDS * 2_000);
}

/** @param {AudioContext} audio @param {number} tone @param {number} at */
function play(audio, tone, at) {
  const [source, volume] = [audio.createOscillator(), audio.createGain()];
  source.frequency.value = tone;
  volume.gain.setValueAtTime(LOUDNESS, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + TONE_SECONDS);
  source.connect(volume).connect(audio.destination);
  source.start(at);
  source.stop(at + TONE_SECONDS);
}
