/** Names that the preload uses: in a separate file, so that it bundles no schemas. */
export const CALL_CHANNEL = 'splitreel:call';
/** Texts for the page: their stream, the position in it, the text, and whether it is the last one. */
export const TEXT_CHANNEL = 'splitreel:text';
/** The stream of changes. Every other stream answers one call. */
export const CHANGE_STREAM = 'changes';
/** Of what the preload exposes to the page. */
export const BRIDGE_NAME = 'splitreelBridge';
