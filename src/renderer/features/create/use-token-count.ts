import { useEffect, useState } from 'react';

const COUNT_AFTER_MS = 250;

export interface TokenCount {
  readonly tokens: number;
  readonly max: number;
}

/** The token count from the model's own tokenizer; null until it arrives. */
export function useTokenCount(modelId: string | null, text: string): TokenCount | null {
  const [count, setCount] = useState<TokenCount | null>(null);
  useEffect(() => {
    if (modelId === null) return;
    let isCurrent = true;
    const timer = window.setTimeout(() => {
      // Without a count, show nothing rather than an error: nothing depends on it.
      void window.splitreel.countTokens({ modelId, text }).then((result) => {
        if (isCurrent) setCount(result.ok ? result.value : null);
      });
    }, COUNT_AFTER_MS);
    return () => {
      isCurrent = false;
      window.clearTimeout(timer);
    };
  }, [modelId, text]);
  return count;
}
