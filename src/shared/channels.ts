/** Names of the two IPC channels: in a separate file, so that the preload bundles no schemas. */
export const CALL_CHANNEL = 'splitreel:call';
export const CHANGE_CHANNEL = 'splitreel:changed';
