/** Takes into the form what other places hand over: a video's settings, a model, a dropped picture. */
import { useEffect } from 'react';
import { useModelChoice } from '../../app/model-choice';
import { useProjection } from '../../app/projection';
import { useReuse } from '../../app/reuse';
import { useDroppedImage } from '../../app/use-file-drop';
import { changeDraft, currentDraft, requestForModel, reuseSettings, useDraft, type Draft } from './draft';

function draftNow(): Draft | null {
  const { slices } = useProjection.getState();
  if (slices === null) return null;
  return currentDraft(useDraft.getState().draft ?? slices.settings.draft, slices.models)?.draft ?? null;
}

export function useAdoption(): void {
  const wanted = useReuse((state) => state.wanted);
  const wantedId = useModelChoice((state) => state.wantedId);
  const imagePath = useDroppedImage((state) => state.path);

  useEffect(() => {
    if (wanted === null) return;
    reuseSettings(wanted.request, wanted.plan);
    useReuse.setState({ wanted: null });
  }, [wanted]);

  useEffect(() => {
    const draft = draftNow();
    const model = useProjection.getState().slices?.models.find((entry) => entry.id === wantedId);
    if (draft === null || model === undefined) return;
    changeDraft({ ...draft, request: requestForModel(draft.request, model) });
    useModelChoice.setState({ wantedId: null });
  }, [wantedId]);

  useEffect(() => {
    const draft = draftNow();
    if (imagePath === null || draft === null) return;
    changeDraft({ ...draft, request: { ...draft.request, imagePath } });
    useDroppedImage.setState({ path: null });
  }, [imagePath]);
}
