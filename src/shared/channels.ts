/** Names of the two IPC channels: in a file of their own, so that the preload carries no schemas. */
export const CALL_CHANNEL = 'splitreel:call';
export const CHANGE_CHANNEL = 'splitreel:changed';
