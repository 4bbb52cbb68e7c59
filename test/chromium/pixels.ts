import { execa } from 'execa';

/** Smaller differences in a channel are ignored, because versions antialias text differently. */
const MIN_DIFFERENCE = 64;

/** The share of pixels that differ between two images of the same size. */
export async function differentShare(files: readonly string[]): Promise<number> {
  const [a, b] = await Promise.all(
    files.map(async (file) => {
      const raw = ['-loglevel', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
      return (await execa('ffmpeg', raw, { encoding: 'buffer', maxBuffer: 1e8 })).stdout;
    }),
  );
  if (a === undefined || a.length !== b?.length) return 1;
  let count = 0;
  for (let at = 0; at < a.length; at += 3)
    if ([0, 1, 2].some((channel) => Math.abs((a[at + channel] ?? 0) - (b[at + channel] ?? 0)) >= MIN_DIFFERENCE))
      count += 1;
  return count / (a.length / 3);
}
