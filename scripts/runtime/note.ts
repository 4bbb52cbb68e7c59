/** The note about the fallback runtime in the terminal and in Settings > About. */
export const FALLBACK_VERSION = '22.3.25';

export const FALLBACK_NOTE = `This is Electron ${FALLBACK_VERSION}, taken from a PyPI wheel because the official download couldn't be reached. Use it for evaluation only: its browser no longer gets security updates.`;
