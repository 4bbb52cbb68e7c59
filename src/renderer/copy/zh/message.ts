import { messagesIn } from '../../../shared/message';

export const message = messagesIn('zh-CN');
