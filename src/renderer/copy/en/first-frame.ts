import { message } from './message';

/** The image that a video starts from. */
export const firstFrame = {
  label: 'First frame, as the model sees it',
  size: message('{width} × {height}'),
  scaled: message('{from}, scaled to {to}'),
  shaped: {
    crop: message('{from}, cropped to {to}'),
    fit: message('{from}, with black bars in {to}'),
    stretch: message('{from}, stretched to {to}'),
  },
  fit: 'Image fit',
  fits: { crop: 'Crop', fit: 'Fit, with bars', stretch: 'Stretch' },
  position: 'Which part to keep',
  positionValue: message('{position, number, percent}'),
} as const;
