import { useState } from 'react';
import { firstFrameUrl } from '../../../shared/urls';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import styles from './CreatePage.module.css';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Shapes that differ by less look the same. */
const SAME_SHAPE = 0.02;

export function fitText(image: Size, video: Size): string {
  const from = copy.create.imageSize({ width: image.width, height: image.height });
  const to = copy.create.imageSize({ width: video.width, height: video.height });
  const stretch = Math.abs(Math.log((image.width * video.height) / (image.height * video.width)));
  return stretch > SAME_SHAPE ? copy.create.imageStretched({ from, to }) : copy.create.imageScaled({ from, to });
}

/** The chosen image, and what the model makes of its shape. Shown once main knows of it, and if it can be shown. */
export function FirstFrame({ imagePath, size }: { readonly imagePath: string; readonly size: Size }) {
  const known = useSlice('settings').draft?.request.imagePath;
  const [image, setImage] = useState<Size | null>(null);
  const [isBroken, setIsBroken] = useState(false);
  if (known !== imagePath || isBroken) return null;
  return (
    <div className={styles.firstFrame}>
      <img
        src={firstFrameUrl(imagePath)}
        alt=""
        draggable={false}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
          setImage({ width: naturalWidth, height: naturalHeight })
        }
        onError={() => setIsBroken(true)}
      />
      {image !== null && <p>{fitText(image, size)}</p>}
    </div>
  );
}
