import { useEffect } from 'react';
import { useNavigation } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { holdsStage, runningJob, stageView, type StageView } from './stage-view';

/** What the stage shows now: the running job, unless the results of a finished one keep the stage. */
export function useStageView(): StageView {
  const jobs = useSlice('jobs');
  const library = useSlice('library');
  const environment = useSlice('environment');
  const models = useSlice('models');
  const lastJobId = useSlice('progress')?.jobId ?? null;
  const { openVideoId, stageJobId } = useNavigation();
  const runningId = runningJob(jobs)?.id ?? null;
  const isHeld = holdsStage({ jobs, library }, stageJobId);
  useEffect(() => {
    if (runningId !== null && !isHeld) useNavigation.setState({ stageJobId: runningId });
  }, [runningId, isHeld]);
  return stageView({ jobs, library, environment, models }, openVideoId, stageJobId ?? runningId ?? lastJobId);
}
