import 'react';

declare module 'react' {
  interface CSSProperties {
    /** Custom properties are set through CSSOM, which the content security policy allows. */
    readonly [name: `--${string}`]: string | undefined;
  }
}
