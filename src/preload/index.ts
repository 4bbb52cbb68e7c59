import { contextBridge } from 'electron';

contextBridge.exposeInMainWorld('splitreel', {});
