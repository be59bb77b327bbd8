import type { IdentityId, Thing } from '../platform.js';

/** The people, Pages and Instagram accounts that Facebook and Instagram both know, under the ids that both use. */

const user = (id: string, owner: IdentityId, name: string): Thing => ({
  platform: 'facebook',
  id,
  kind: 'user',
  owner,
  name,
});
const page = (id: string, owner: IdentityId, name: string): Thing => ({
  platform: 'facebook',
  id,
  kind: 'page',
  owner,
  name,
});
const professional = (id: string, owner: IdentityId, name: string): Thing => ({
  platform: 'instagram',
  id,
  kind: 'professional',
  owner,
  name,
});

export const facebookUsers: Readonly<Record<IdentityId, Thing>> = {
  ada: user('10158000000000001', 'ada', 'Ada Adams'),
  ben: user('10158000000000002', 'ben', 'Ben Brooks'),
  cho: user('10158000000000003', 'cho', 'Cho Chen'),
};

const adaBakery = page('100200300400001', 'ada', 'Ada Bakery');
const adaBooks = page('100200300400002', 'ada', 'Ada Books');
const adaTravel = page('100200300400003', 'ada', 'Ada Travel');
const benBikes = page('100200300400004', 'ben', 'Ben Bikes');

export const pages: readonly Thing[] = [adaBakery, adaBooks, adaTravel, benBikes];

/** The Page that its owner reaches through a business portfolio only, so `me/accounts` does not list it. */
export const portfolioPages: readonly Thing[] = [adaTravel];

export const business: Thing = {
  platform: 'facebook',
  id: '700800900100001',
  kind: 'business',
  owner: 'ada',
  name: 'Ada Portfolio',
};

const instagramAdaBakery = professional('17841400000000001', 'ada', 'ada.bakery');
const instagramAdaBooks = professional('17841400000000002', 'ada', 'ada.books');
const instagramBenBikes = professional('17841400000000003', 'ben', 'ben.bikes');
const instagramChoDraws = professional('17841400000000004', 'cho', 'cho.draws');

export const instagramAccounts: readonly Thing[] = [
  instagramAdaBakery,
  instagramAdaBooks,
  instagramBenBikes,
  instagramChoDraws,
];

/** Whom one is after the direct Instagram login: one account each. */
export const instagramLogins: Readonly<Record<IdentityId, Thing>> = {
  ada: instagramAdaBakery,
  ben: instagramBenBikes,
  cho: instagramChoDraws,
};

const instagramOfPages: ReadonlyMap<Thing, Thing> = new Map([
  [adaBakery, instagramAdaBakery],
  [adaBooks, instagramAdaBooks],
  [benBikes, instagramBenBikes],
]);

/** The professional account that is linked to a Page. */
export function instagramOf(onePage: Thing): Thing | undefined {
  return instagramOfPages.get(onePage);
}
