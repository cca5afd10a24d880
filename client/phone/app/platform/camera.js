/** Open the camera; its refusals are ours. @param {MediaTrackConstraints} video @returns {Promise<MediaStream>} */
export async function openCamera(video) {
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    throw { reason: /** @type {any} */ (error)?.name === "NotAllowedError" ? "camera-refused" : "camera-none" };
  }
}
