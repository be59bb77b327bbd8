import type { ApiClient, ApiResult, Workspace } from '#contract';

/** Nobody picks from more than this; the list then ends. */
const PAGES_LIMIT = 20;

/** My workspaces, all pages of them, by name. */
export async function allWorkspaces(client: ApiClient, signal: AbortSignal): Promise<ApiResult<readonly Workspace[]>> {
  const found: Workspace[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_LIMIT; page += 1) {
    const result = await client.workspaces(cursor === null ? {} : { cursor }, { signal });
    if (!result.ok) {
      return result;
    }
    found.push(...result.value.items);
    cursor = result.value.nextCursor;
    if (cursor === null) {
      break;
    }
  }
  found.sort((one, other) => one.name.localeCompare(other.name));
  return { ok: true, value: found, status: 200, position: null, etag: null };
}
