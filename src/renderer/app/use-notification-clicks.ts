/** Clicking a job's system notification opens its result. */
import { useEffect, useState } from 'react';
import { openResult } from '../state/navigation';
import { useSlice } from '../state/projection';

export function useNotificationClicks(): void {
  const { jobId = null, count = 0 } = useSlice('clickedNotification') ?? {};
  // A reloaded window gets the last click again, but has already handled it.
  const [answered] = useState(count);
  useEffect(() => {
    if (jobId === null || count === answered) return;
    openResult(jobId);
  }, [jobId, count, answered]);
}
