/** The library's search, order and filter. They survive leaving the page and, except for the search, a restart. */
import { create } from 'zustand';
import { NO_FILTER, type LibraryFilter, type LibrarySort, type LibraryView } from '../../../shared/library-view';
import { useProjection } from '../../state/projection';
import { send } from '../../state/send';

interface ViewState {
  readonly search: string;
  /** Null until something is chosen; until then the settings apply. */
  readonly view: LibraryView | null;
}

export const useLibraryState = create<ViewState>(() => ({ search: '', view: null }));

const fromSettings = (): LibraryView | undefined => useProjection.getState().slices?.settings.libraryView;

export function useLibraryView(): LibraryView {
  const stored = useProjection((state) => state.slices?.settings.libraryView);
  const { view } = useLibraryState();
  return view ?? stored ?? { sort: 'newest', filter: NO_FILTER };
}

function setView(change: Partial<LibraryView>): void {
  const before = useLibraryState.getState().view ?? fromSettings() ?? { sort: 'newest', filter: NO_FILTER };
  const libraryView = { ...before, ...change };
  useLibraryState.setState({ view: libraryView });
  void send(window.splitreel.updateSettings({ libraryView }));
}

export const setSearch = (search: string): void => useLibraryState.setState({ search });
export const setSort = (sort: LibrarySort): void => setView({ sort });
export function changeFilter(change: Partial<LibraryFilter>): void {
  const before = useLibraryState.getState().view?.filter ?? fromSettings()?.filter ?? NO_FILTER;
  setView({ filter: { ...before, ...change } });
}
export function clearFilters(): void {
  setSearch('');
  setView({ filter: NO_FILTER });
}
