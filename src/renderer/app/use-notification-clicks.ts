/** A click on the system's notification of a job opens what the job came to. */
import { useEffect, useState } from 'react';
import { goTo, showJob } from '../state/navigation';
import { useSlice } from '../state/projection';

export function useNotificationClicks(): void {
  const { jobId = null, count = 0 } = useSlice('clickedNotification') ?? {};
  // A window that reloads gets the last click once more; it was answered before.
  const [answered] = useState(count);
  useEffect(() => {
    if (jobId === null || count === answered) return;
    showJob(jobId);
    goTo('create');
  }, [jobId, count, answered]);
}
