/** Why nothing can be asked of the phone or of the server. */
export const NOT_CONNECTED = 'There is no connection to WhatsApp at the moment.';
