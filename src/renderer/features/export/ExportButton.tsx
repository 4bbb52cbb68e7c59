import { FileOutput } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { LibraryVideo } from '../../../shared/library';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { ExportDialog } from './ExportDialog';

interface ExportButtonProps {
  readonly video: LibraryVideo;
  /** Shown next to the icon; otherwise in the tooltip. */
  readonly children?: ReactNode;
}

export function ExportButton({ video, children }: ExportButtonProps) {
  const [isOpen, setIsOpen] = useState(false);
  const label = copy.export.open;
  const common = { size: 'small', onClick: () => setIsOpen(true) } as const;
  const icon = <FileOutput size={14} aria-hidden />;
  return (
    <>
      {children === undefined ? (
        <IconButton {...common} label={label}>
          {icon}
        </IconButton>
      ) : (
        <Button {...common} aria-label={label} title={label}>
          {icon}
          {children}
        </Button>
      )}
      {isOpen && <ExportDialog videos={[video]} onClose={() => setIsOpen(false)} />}
    </>
  );
}
