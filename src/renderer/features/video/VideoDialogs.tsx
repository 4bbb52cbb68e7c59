import { useProjection } from '../../state/projection';
import { closeVideoDialog, useVideoDialog } from '../../state/video-dialogs';
import { ExportDialog } from '../export';
import { TagsDialog } from './TagsDialog';

/** The open dialog for videos, on any page. It closes when the last of its videos is gone. */
export function VideoDialogs() {
  const { open } = useVideoDialog();
  const library = useProjection((state) => state.slices?.library);
  if (open === null || library === undefined) return null;
  const wanted = new Set(open.videoIds);
  const videos = library.filter(({ id }) => wanted.has(id));
  if (videos.length === 0) return null;
  return open.name === 'tags' ? (
    <TagsDialog videos={videos} onClose={closeVideoDialog} />
  ) : (
    <ExportDialog videos={videos} onClose={closeVideoDialog} />
  );
}
