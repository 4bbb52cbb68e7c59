/**
 * Takes a frame from a video without another program: a hidden page of our own origin seeks to the middle and draws the
 * frame. The page is as restricted as the window and has no preload.
 */
import { BrowserWindow } from './electron-api';
import { APP_ORIGIN } from '../../../shared/urls';
import { sleep } from '../../ports/clock';
import { nodeClock } from '../node/clock';

const WIDTH = 320;
const TIMEOUT_MS = 20_000;

/** Runs in the page and returns a JPEG as base64. The URL is inserted as JSON. */
const script = (videoUrl: string): string => `
  new Promise((resolve, reject) => {
    const video = document.createElement('video');
    video.muted = true;
    video.onerror = () => reject(new Error('the video cannot be played'));
    video.onloadeddata = () => { video.currentTime = video.duration / 2; };
    video.onseeked = () => {
      const canvas = document.createElement('canvas');
      canvas.width = ${String(WIDTH)};
      canvas.height = Math.max(1, Math.round(${String(WIDTH)} * video.videoHeight / video.videoWidth));
      canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
      resolve(canvas.toDataURL('image/jpeg', 0.85).split(',')[1]);
    };
    video.preload = 'auto';
    video.src = ${JSON.stringify(videoUrl)};
  })`;

export async function makeThumbnail(videoUrl: string): Promise<Uint8Array | null> {
  const page = new BrowserWindow({
    show: false,
    width: WIDTH,
    height: WIDTH,
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false },
  });
  try {
    const draw = async (): Promise<unknown> => {
      await page.loadURL(`${APP_ORIGIN}/blank.html`);
      const result: unknown = await page.webContents.executeJavaScript(script(videoUrl));
      return result;
    };
    const drawn = await Promise.race([draw(), sleep(nodeClock, TIMEOUT_MS)]);
    return typeof drawn === 'string' ? Buffer.from(drawn, 'base64') : null;
  } finally {
    page.destroy();
  }
}
