/** A small LoRA for the specs. */
import { writeFileSync } from 'node:fs';

/** Of the demo model's blocks. */
const WIDTH = 192;
const LAYER = 'transformer.transformer_blocks.0.attn1.to_q';

/** A LoRA of rank 1 for one layer of the demo model, as diffusers saves it. */
export function writeLora(file: string): void {
  const bytes = 4 * WIDTH;
  const tensor = (shape: readonly number[], at: number) => ({
    dtype: 'F32',
    shape,
    data_offsets: [at * bytes, (at + 1) * bytes],
  });
  const header = JSON.stringify({
    [`${LAYER}.lora_A.weight`]: tensor([1, WIDTH], 0),
    [`${LAYER}.lora_B.weight`]: tensor([WIDTH, 1], 1),
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const weights = new Float32Array(2 * WIDTH).fill(0.01);
  writeFileSync(file, Buffer.concat([length, Buffer.from(header), Buffer.from(weights.buffer)]));
}
