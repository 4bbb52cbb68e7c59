/** The desktop around the window: dialogs, the bin, the clipboard, drags, notifications. */
import type { ExportFormat } from '../../shared/export';
import type { LinkId } from '../window/links';

/** A dialog of the system, which no page can answer. */
export interface Question {
  readonly message: string;
  readonly detail: string;
  /** On the button that agrees. */
  readonly action: string;
}

export type SaveKind = 'video' | 'diagnostics' | 'presets' | ExportFormat;

export interface DesktopNotification {
  readonly title: string;
  readonly body: string;
  readonly onClick: () => void;
}

export interface Desktop {
  readonly chooseFolder: () => Promise<string | null>;
  readonly chooseFile: (kind: 'image' | 'video' | 'archive' | 'lora' | 'presets' | 'prompts') => Promise<string | null>;
  readonly chooseSavePath: (kind: SaveKind, suggestedPath: string) => Promise<string | null>;
  readonly moveToBin: (file: string) => Promise<void>;
  readonly showInFolder: (file: string) => void;
  readonly openFolder: (folder: string) => Promise<void>;
  readonly openLink: (link: LinkId) => Promise<void>;
  /** A model's page on huggingface.co, by the name of its repository. */
  readonly openModelPage: (repository: string) => Promise<void>;
  /** Any https page, for addresses that were signed. */
  readonly openPage: (address: string) => Promise<void>;
  readonly copyText: (text: string) => void;
  readonly startDrag: (files: readonly string[], iconFile: string) => void;
  /** A click brings the window to the front and calls `onClick`. */
  readonly notify: (notification: DesktopNotification) => void;
  /** True: the computer does not go to sleep by itself. The screen may. */
  readonly keepAwake: (isOn: boolean) => void;
  readonly isWindowInFront: () => boolean;
  /** On the window's entry in the taskbar: 0 to 1, or null for none. */
  readonly showProgress: (fraction: number | null) => void;
  /** True: the user took the action. Canceling is the default. */
  readonly confirm: (question: Question) => Promise<boolean>;
  /** True: leave although a job runs. */
  readonly confirmQuit: () => Promise<boolean>;
}
