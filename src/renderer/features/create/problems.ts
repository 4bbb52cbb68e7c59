import { reasonText } from '../../../shared/messages';
import { checkRequest, type RequestReason } from '../../../shared/request';
import type { FieldsProps } from './use-create';

/** The problems of one field; empty if there are none. */
export function problemsByField({ form, ready: { shape } }: FieldsProps): (field: RequestReason['field']) => string {
  const reasons = checkRequest(shape, form.draft.request);
  return (field) => {
    const reason = reasons.find((candidate) => candidate.field === field);
    return reason === undefined ? '' : reasonText(reason);
  };
}
