/** Makes a picture small enough to be sent, in a kind that the server takes. */

// The server keeps 256 pixels and takes at most 1 MiB; twice the pixels leave it some choice.
const LONGEST_SIDE = 512;

/**
 * @param {Blob} picture anything that this browser can show
 * @returns {Promise<Blob>} the same picture, small; unchanged if this browser cannot show it, so
 *   that the server says what is wrong with it
 */
export async function shrunk(picture) {
  const bitmap = await createImageBitmap(picture).catch(() => null);
  if (bitmap === null) return picture;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve) => {
    // A browser that cannot write WebP writes PNG instead, which is taken as well.
    canvas.toBlob((small) => resolve(small ?? picture), "image/webp", 0.9);
  });
}
