import { useState } from 'react';
import type { PlatformId } from '#contract';
import { PlatformMark } from './platform-mark.js';

const TINT_COUNT = 6;

interface AccountPictureProps {
  readonly name: string;
  readonly pictureUrl: string | null;
  readonly platform?: PlatformId;
  readonly size?: 'normal' | 'large';
}

/** The account's picture, or its initials when there is none or it cannot be shown. The name stands beside it as text. */
export function AccountPicture({ name, pictureUrl, platform, size = 'normal' }: AccountPictureProps) {
  const [failedUrl, setFailedUrl] = useState<string | null>(null);
  const showsPicture = pictureUrl !== null && pictureUrl !== failedUrl;
  return (
    <span className={`picture picture--${size}`} aria-hidden="true">
      {showsPicture ? (
        <img
          src={pictureUrl}
          alt=""
          loading="lazy"
          referrerPolicy="no-referrer"
          onError={() => setFailedUrl(pictureUrl)}
        />
      ) : (
        <span className={`picture__initials picture__initials--${tintOf(name)}`}>{initialsOf(name)}</span>
      )}
      {platform === undefined ? null : <PlatformMark platform={platform} />}
    </span>
  );
}

function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toLocaleUpperCase();
}

/** The same name always has the same tint. */
function tintOf(name: string): number {
  return [...name].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % TINT_COUNT;
}
