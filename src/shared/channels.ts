/** Names that the preload uses: in a separate file, so that it bundles no schemas. */
export const CALL_CHANNEL = 'splitreel:call';
export const CHANGE_CHANNEL = 'splitreel:changed';
/** Of what the preload exposes to the page. */
export const BRIDGE_NAME = 'splitreelBridge';
