/** How far a digit leans and how thick its stroke is, measured on the print as chapter 7 does. */

const EDGE = 28; // pixels

/** Columns to the right for each row upwards. @param {ArrayLike<number>} image 784 values @returns {number} */
export function slant(image) {
  let [ink, right, up, both, square] = [0, 0, 0, 0, 0];
  for (let i = 0; i < image.length; i++) {
    const [x, y] = [(i % EDGE) - (EDGE - 1) / 2, (EDGE - 1) / 2 - Math.floor(i / EDGE)];
    ink += image[i];
    right += image[i] * x;
    up += image[i] * y;
    both += image[i] * x * y;
    square += image[i] * y * y;
  }
  return (both / ink - (right / ink) * (up / ink)) / (square / ink - (up / ink) ** 2);
}

/** Width of the stroke in pixels: twice the ink over the length of its edge. @param {ArrayLike<number>} image */
export function thickness(image) {
  let [ink, edge] = [0, 0];
  for (let i = 0; i < image.length; i++) {
    ink += image[i];
    if (i < EDGE || i % EDGE === 0) continue; // no square of four pixels ends here
    const [a, b, c, d] = [image[i - EDGE - 1], image[i - EDGE], image[i - 1], image[i]];
    edge += Math.hypot(c - a + d - b, b - a + d - c) / 2; // down and right
  }
  return (2 * ink) / edge;
}
