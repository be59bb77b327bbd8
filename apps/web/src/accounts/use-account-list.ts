import { useRef, useState } from 'react';
import type { Account, AccountPage, AccountQuery, ApiResult, Problem } from '#contract';
import { useSession } from '../session/session.js';
import { useLoaded, type Loaded } from '../session/use-loaded.js';

const PAGE_SIZE = 50;

interface FurtherPages {
  readonly after: AccountPage;
  readonly items: readonly Account[];
  readonly nextCursor: string | null;
}

/** The list as far as it has been loaded. */
export interface AccountList {
  readonly loaded: Loaded<AccountPage>;
  readonly retry: () => void;
  readonly items: readonly Account[];
  readonly hasMore: boolean;
  readonly more: { readonly busy: boolean; readonly problem: Problem | null; readonly load: () => Promise<void> };
  /** The newest page known, also while another filter is being read, so that the filters' counts stay in place. */
  readonly latest: AccountPage | null;
}

/** Accounts under a filter, page by page. A refresh reads again as many pages as are in sight. */
export function useAccountList(workspaceId: string, query: AccountQuery): AccountList {
  const { client, generation } = useSession();
  const subject = `${workspaceId} ${JSON.stringify(query)}`;
  const inSight = useRef({ subject, pages: 1 });
  if (inSight.current.subject !== subject) {
    inSight.current = { subject, pages: 1 };
  }
  const latest = useRef<AccountPage | null>(null);
  const [further, setFurther] = useState<FurtherPages | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const readPage = (cursor: string | null, signal?: AbortSignal): Promise<ApiResult<AccountPage>> =>
    client.accounts(
      workspaceId,
      { ...query, limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) },
      signal === undefined ? {} : { signal },
    );

  const { loaded, retry } = useLoaded(subject, generation, async (signal) => {
    const first = await readPage(null, signal);
    let whole = first;
    for (let page = 1; whole.ok && page < inSight.current.pages && whole.value.nextCursor !== null; page += 1) {
      const next = await readPage(whole.value.nextCursor, signal);
      whole = next.ok
        ? { ...first, ...next, value: { ...next.value, items: [...whole.value.items, ...next.value.items] } }
        : next;
    }
    return whole;
  });
  const first = loaded.state === 'ready' ? loaded.value : null;
  latest.current = first ?? latest.current;
  const rest = first !== null && further?.after === first ? further : null;
  const nextCursor = rest === null ? (first?.nextCursor ?? null) : rest.nextCursor;

  const load = async (): Promise<void> => {
    if (first === null || nextCursor === null) {
      return;
    }
    setBusy(true);
    setProblem(null);
    const result = await readPage(nextCursor);
    setBusy(false);
    if (result.ok) {
      inSight.current = { subject, pages: inSight.current.pages + 1 };
      const items = [...(rest?.items ?? []), ...result.value.items];
      setFurther({ after: first, items, nextCursor: result.value.nextCursor });
    } else {
      setProblem(result.problem);
    }
  };

  return {
    loaded,
    retry,
    items: [...(first?.items ?? []), ...(rest?.items ?? [])],
    hasMore: nextCursor !== null,
    more: { busy, problem, load },
    latest: latest.current,
  };
}
