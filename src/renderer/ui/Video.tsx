import { useEffect, useImperativeHandle, useRef, type ComponentProps } from 'react';

/** A video element that gives its decoder back when it is removed, rather than when it is garbage-collected. */
export function Video({ ref, ...rest }: ComponentProps<'video'>) {
  const own = useRef<HTMLVideoElement>(null);
  useImperativeHandle<HTMLVideoElement | null, HTMLVideoElement | null>(ref, () => own.current);
  useEffect(() => {
    const video = own.current;
    return () => {
      // React's strict mode also runs this for elements that stay.
      if (video === null || video.isConnected) return;
      video.removeAttribute('src');
      video.load();
    };
  }, []);
  return <video muted playsInline {...rest} ref={own} />;
}
