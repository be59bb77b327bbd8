import type { ReactNode } from 'react';
import type { PlatformId } from '#contract';

/** How people call the platforms; the same words everywhere on the page. */
export const PLATFORM_NAMES: Readonly<Record<PlatformId, string>> = {
  facebook: 'Facebook',
  instagram: 'Instagram',
  threads: 'Threads',
  linkedin: 'LinkedIn',
  x: 'X',
  tiktok: 'TikTok',
  youtube: 'YouTube',
  pinterest: 'Pinterest',
  'google-business': 'Google Business',
  bluesky: 'Bluesky',
  mastodon: 'Mastodon',
};

interface Mark {
  readonly ground: string;
  readonly glyph: ReactNode;
}

/** Our own simple glyphs in colours that people know the platforms by; no platform's logo is copied. */
const MARKS: Readonly<Record<PlatformId, Mark>> = {
  facebook: { ground: '#1b62d6', glyph: <path d="M17.5 6h-1.2Q13 6 13 9.3V19M9.5 12h7" /> },
  instagram: {
    ground: '#c02f74',
    glyph: (
      <>
        <rect x="5.5" y="5.5" width="13" height="13" rx="3.5" />
        <circle cx="12" cy="12" r="3" />
        <path d="M15.8 8.2v.01" />
      </>
    ),
  },
  threads: {
    ground: '#1f2024',
    glyph: (
      <path d="M17 8Q15.5 5 12 5q-6 0-6 7t6 7q5 0 5-3.6T12 12q-3 .2-3 2.1T11.6 16q3 0 3-4T11.5 9.2q-1.4 0-2.2 1" />
    ),
  },
  linkedin: { ground: '#0a5cab', glyph: <path d="M7 10.5V18M7 6.5v.01M11 18v-7.5M11 13.5q0-3 3-3t3 3V18" /> },
  x: { ground: '#16181c', glyph: <path d="M6 6l12 12M18 6L6 18" /> },
  tiktok: { ground: '#0d6b72', glyph: <path d="M13 5v10a3.2 3.2 0 1 1-3.2-3.2M13 5q.5 4 4.5 4.3" /> },
  youtube: {
    ground: '#c4161c',
    glyph: (
      <>
        <rect x="4.5" y="6.5" width="15" height="11" rx="3.5" />
        <path d="M10.8 9.8v4.4l3.8-2.2z" />
      </>
    ),
  },
  pinterest: { ground: '#b00c2f', glyph: <path d="M9 20V5.5h3.5a4 4 0 0 1 0 8.2H9" /> },
  'google-business': {
    ground: '#2d6a3e',
    glyph: <path d="M6 11v7.5h12V11M5 10.5L6.5 5.5h11l1.5 5q-2.3 2.4-4.7 0-2.3 2.4-4.6 0-2.4 2.4-4.7 0z" />,
  },
  bluesky: {
    ground: '#0b63c7',
    glyph: (
      <path d="M12 11Q9 5.5 5.5 6q-.5 6.5 4 7-3.5.7-2 3.5 2.5 2.5 4.5-2.5 2 5 4.5 2.5 1.5-2.8-2-3.5 4.5-.5 4-7Q15 5.5 12 11z" />
    ),
  },
  mastodon: { ground: '#5046c8', glyph: <path d="M6 17V9q0-3 3-3t3 3v4.5M12 13.5V9q0-3 3-3t3 3v8" /> },
};

/** The platform's mark. It says nothing to a screen reader: the platform's name always stands beside it. */
export function PlatformMark({ platform }: { readonly platform: PlatformId }) {
  const { ground, glyph } = MARKS[platform];
  return (
    <svg className="platform-mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <rect width="24" height="24" rx="6" fill={ground} />
      <g fill="none" stroke="#fff" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round">
        {glyph}
      </g>
    </svg>
  );
}
