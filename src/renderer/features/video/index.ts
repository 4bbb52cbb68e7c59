export { modelName, reportDetails, reportFigures, reportOf, requestFacts, type KnownReport } from './report';
export { VideoDialogs } from './VideoDialogs';
export { VideoFacts } from './VideoFacts';
export { FavoriteButton, RatingPips, VideoMarks } from './VideoMarks';
export { againAction, fileActions, saveAction, settingsActions } from './video-actions';
export { ratingEntries, stageEntries, videoEntries, VideoMenu } from './video-menu';
