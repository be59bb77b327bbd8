import type { ReactNode } from 'react';

function Icon({ children }: { readonly children: ReactNode }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export function CloseIcon() {
  return (
    <Icon>
      <path d="M5 5l10 10M15 5L5 15" />
    </Icon>
  );
}

export function PlusIcon() {
  return (
    <Icon>
      <path d="M10 4v12M4 10h12" />
    </Icon>
  );
}

export function SearchIcon() {
  return (
    <Icon>
      <circle cx="9" cy="9" r="5" />
      <path d="M13 13l4 4" />
    </Icon>
  );
}

export function CheckIcon() {
  return (
    <Icon>
      <path d="M4 10.5l4 4 8-9" />
    </Icon>
  );
}

export function WarningIcon() {
  return (
    <Icon>
      <path d="M10 3L18 16.5H2zM10 8.5v3.5M10 14.3v.1" />
    </Icon>
  );
}

export function GridIcon() {
  return (
    <Icon>
      <path d="M4 4h4.5v4.5H4zM11.5 4H16v4.5h-4.5zM4 11.5h4.5V16H4zM11.5 11.5H16V16h-4.5z" />
    </Icon>
  );
}

export function ClockIcon() {
  return (
    <Icon>
      <circle cx="10" cy="10" r="7" />
      <path d="M10 6v4.5l3 1.5" />
    </Icon>
  );
}

export function ChevronIcon() {
  return (
    <Icon>
      <path d="M7.5 4.5L13 10l-5.5 5.5" />
    </Icon>
  );
}

export function BackIcon() {
  return (
    <Icon>
      <path d="M12.5 4.5L7 10l5.5 5.5" />
    </Icon>
  );
}

/** The product's own mark: one account tied to others. */
export function BrandMark() {
  return (
    <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#2447c4" />
      <circle cx="11" cy="16" r="4.5" fill="none" stroke="#fff" strokeWidth="2.5" />
      <circle cx="22.5" cy="10" r="3" fill="#fff" />
      <circle cx="22.5" cy="22" r="3" fill="#fff" />
      <path d="M15 14l5-2.6M15 18l5 2.6" stroke="#fff" strokeWidth="2" />
    </svg>
  );
}
