/** The desktop around the window: dialogs, the trash, the clipboard, drags, notifications. */
import type { ExportFormat } from '../../shared/export';
import type { LinkId } from '../window/links';

/** A native dialog, which no page can answer. */
export interface Question {
  readonly message: string;
  readonly detail: string;
  /** The label of the button that confirms. */
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
  readonly moveToTrash: (file: string) => Promise<void>;
  readonly showInFolder: (file: string) => void;
  readonly openFolder: (folder: string) => Promise<void>;
  readonly openLink: (link: LinkId) => Promise<void>;
  /** A model's page on huggingface.co, by the name of its repository. */
  readonly openModelPage: (repository: string) => Promise<void>;
  /** Any https page: only for addresses from a signed document. */
  readonly openPage: (address: string) => Promise<void>;
  readonly copyText: (text: string) => void;
  readonly startDrag: (files: readonly string[], iconFile: string) => void;
  /** A click brings the window to the front and calls `onClick`. */
  readonly notify: (notification: DesktopNotification) => void;
  /** True: the computer doesn't go to sleep on its own, but the screen may turn off. */
  readonly keepAwake: (isOn: boolean) => void;
  readonly isWindowInFront: () => boolean;
  /** On the window's taskbar entry: 0 to 1, or null for none. */
  readonly showProgress: (fraction: number | null) => void;
  /** True if the user confirmed. Canceling is the default. */
  readonly confirm: (question: Question) => Promise<boolean>;
  /** True: quit although a job is running. */
  readonly confirmQuit: () => Promise<boolean>;
}
