import { Slider } from 'radix-ui';
import { useState, type PointerEvent } from 'react';
import { IMAGE_FITS, type GenerateRequest, type ImageFit } from '../../../shared/sampling';
import { firstFrameUrl } from '../../../shared/urls';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import { classes } from '../../ui/classes';
import { SelectField } from '../../ui/fields';
import { cutAxis, cutPixels, isSameShape, type Size } from './first-frame';
import styles from './FirstFrame.module.css';

const strings = copy.firstFrame;
const OBJECT_FITS: Readonly<Record<ImageFit, string>> = { crop: 'cover', fit: 'contain', stretch: 'fill' };

interface FirstFrameProps {
  readonly imagePath: string;
  readonly request: Pick<GenerateRequest, 'width' | 'height' | 'imageFit' | 'imagePosition'>;
  readonly onChange: (change: Partial<Pick<GenerateRequest, 'imageFit' | 'imagePosition'>>) => void;
}

export function fitText(image: Size, video: Size, fit: ImageFit): string {
  const from = strings.size({ width: image.width, height: image.height });
  const to = strings.size({ width: video.width, height: video.height });
  if (from === to) return from;
  return isSameShape(image, video) ? strings.scaled({ from, to }) : strings.shaped[fit]({ from, to });
}

/**
 * The chosen image as the engine will use it for the first frame. Shown once main has it, and if it can be displayed.
 */
export function FirstFrame({ imagePath, request, onChange }: FirstFrameProps) {
  const known = useSlice('settings').draft?.request.imagePath;
  const [image, setImage] = useState<Size | null>(null);
  const [isBroken, setIsBroken] = useState(false);
  if (known !== imagePath || isBroken) return null;
  const { width, height, imageFit, imagePosition } = request;
  const isOtherShape = image !== null && !isSameShape(image, request);
  const axis = isOtherShape && imageFit === 'crop' ? cutAxis(image, request) : null;
  const drag = (event: PointerEvent<HTMLElement>): void => {
    if (image === null || axis === null || event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    const cut = cutPixels(image, { width: box.width, height: box.height });
    // The image follows the pointer: moving right reveals its left part.
    const moved = (axis === 'x' ? event.movementX : event.movementY) / cut;
    onChange({ imagePosition: Math.min(1, Math.max(0, imagePosition - moved)) });
  };
  return (
    <div className={styles.box}>
      <div
        className={classes(styles.frame, axis !== null && styles.movable)}
        style={{
          '--ratio': String(Math.max(width, 1) / Math.max(height, 1)),
          '--fit': OBJECT_FITS[imageFit],
          '--position': `${String(imagePosition * 100)}%`,
        }}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
      >
        <img
          src={firstFrameUrl(imagePath)}
          alt={strings.label}
          draggable={false}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setImage({ width: naturalWidth, height: naturalHeight })
          }
          onError={() => setIsBroken(true)}
        />
      </div>
      {image !== null && <p className={styles.note}>{fitText(image, request, imageFit)}</p>}
      {isOtherShape && (
        <SelectField
          label={strings.fit}
          value={imageFit}
          choices={IMAGE_FITS.map((value) => ({ value, label: strings.fits[value] }))}
          onChange={(value) => onChange({ imageFit: value })}
        />
      )}
      {axis !== null && (
        <Position position={imagePosition} onChange={(position) => onChange({ imagePosition: position })} />
      )}
    </div>
  );
}

const PERCENT = 100;

/** Moves the crop by keyboard; the pointer can drag the image itself. */
function Position({
  position,
  onChange,
}: {
  readonly position: number;
  readonly onChange: (position: number) => void;
}) {
  const percent = Math.round(position * PERCENT);
  return (
    <Slider.Root
      className={styles.position}
      min={0}
      max={PERCENT}
      value={[percent]}
      onValueChange={([next]) => {
        if (next !== undefined) onChange(next / PERCENT);
      }}
    >
      <Slider.Track className={styles.track} />
      <Slider.Thumb
        className={styles.thumb}
        aria-label={strings.position}
        aria-valuetext={strings.positionValue({ position })}
      />
    </Slider.Root>
  );
}
