import 'react';

declare module 'react' {
  interface CSSProperties {
    /** Width by height of a frame. Custom properties are set through CSSOM, which the content security policy allows. */
    '--ratio'?: string;
    '--fit'?: string;
    '--position'?: string;
    '--columns'?: string;
    '--scale'?: string;
    '--wipe'?: string;
    '--zoom'?: string;
    '--x'?: string;
    '--y'?: string;
  }
}
