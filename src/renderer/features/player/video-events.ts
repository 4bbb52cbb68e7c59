/** Events of a video element, whatever started or paused it. */
export interface VideoListener {
  /** A frame was presented at this media time. Only if the element reports single frames. */
  readonly onFrame: (mediaSeconds: number) => void;
  /** The position changed, except during a seek. */
  readonly onTime: (seconds: number) => void;
  readonly onPlay?: (rate: number) => void;
  readonly onPause?: () => void;
  readonly onEnd: () => void;
  readonly onError?: () => void;
}

/** Returns a function that stops listening. */
export function listenToVideo(video: HTMLVideoElement, listener: VideoListener): () => void {
  const events = {
    timeupdate: () => {
      if (!video.seeking) listener.onTime(video.currentTime);
    },
    play: () => listener.onPlay?.(video.playbackRate),
    pause: () => listener.onPause?.(),
    ended: listener.onEnd,
    error: () => listener.onError?.(),
  };
  const stopFrames = listenToFrames(video, listener.onFrame);
  for (const [name, handler] of Object.entries(events)) video.addEventListener(name, handler);
  return () => {
    stopFrames();
    for (const [name, handler] of Object.entries(events)) video.removeEventListener(name, handler);
  };
}

function listenToFrames(video: HTMLVideoElement, onFrame: (mediaSeconds: number) => void): () => void {
  // Browsers without it, and the tests' DOM, report the position a few times a second instead.
  if (!('requestVideoFrameCallback' in video)) return () => undefined;
  const next: VideoFrameRequestCallback = (_now, { mediaTime }) => {
    onFrame(mediaTime);
    handle = video.requestVideoFrameCallback(next);
  };
  let handle = video.requestVideoFrameCallback(next);
  return () => video.cancelVideoFrameCallback(handle);
}
