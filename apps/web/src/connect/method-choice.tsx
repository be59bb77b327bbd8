import type { AccountType, MethodId, PlatformMethod } from '#contract';
import { ACCOUNT_TYPE_WORDS } from './words.js';

/** What each way to Instagram means for the person who takes it. */
const METHOD_WORDS: Readonly<Record<MethodId, { readonly title: string; readonly about: string } | null>> = {
  direct: {
    title: 'Log in with Instagram',
    about: 'One professional account. No Facebook Page is needed, and access renews by itself.',
  },
  'via-facebook': {
    title: 'Log in with Facebook',
    about:
      'All professional accounts that are linked to your Pages, several at once. Somebody has to reconnect about every 90 days.',
  },
  'app-password': null,
};

interface MethodChoiceProps {
  readonly methods: readonly PlatformMethod[];
  readonly chosen: MethodId;
  readonly onChoose: (method: MethodId) => void;
}

/** The ways to connect where there are several (C3). The same account reached by either is one account. */
export function MethodChoice({ methods, chosen, onChoose }: MethodChoiceProps) {
  return (
    <fieldset className="choices">
      <legend className="field__label">How do you want to connect?</legend>
      {methods.map(({ id, label }) => (
        <label key={id} className="choice">
          <input type="radio" name="method" value={id} checked={id === chosen} onChange={() => onChoose(id)} />
          <span className="choice__text">
            <strong>{METHOD_WORDS[id]?.title ?? label}</strong>
            <span className="soft">{METHOD_WORDS[id]?.about ?? ''}</span>
          </span>
        </label>
      ))}
      <p className="faint">Both ways lead to the same account: connecting one that is here already reconnects it.</p>
    </fieldset>
  );
}

interface TypeChoiceProps {
  readonly types: readonly AccountType[];
  readonly chosen: AccountType | null;
  readonly onChoose: (type: AccountType | null) => void;
}

/** Narrows what is offered after the login to one type; nothing is narrowed by default. */
export function TypeChoice({ types, chosen, onChoose }: TypeChoiceProps) {
  return (
    <fieldset className="choices">
      <legend className="field__label">What do you want to connect?</legend>
      {[null, ...types].map((type) => (
        <label key={type ?? 'any'} className="choice">
          <input type="radio" name="account-type" checked={type === chosen} onChange={() => onChoose(type)} />
          <span className="choice__text">
            {type === null ? 'Show me everything that I can reach' : `Only ${ACCOUNT_TYPE_WORDS[type].toLowerCase()}s`}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** What can be connected on Facebook, and what cannot any more (C2). */
export function FacebookTypes() {
  return (
    <fieldset className="choices">
      <legend className="field__label">What do you want to connect?</legend>
      <label className="choice">
        <input type="radio" name="facebook-type" defaultChecked />
        <span className="choice__text">
          <strong>Pages</strong>
          <span className="soft">
            All Pages that you manage, those of a business portfolio too. You pick from them afterwards.
          </span>
        </span>
      </label>
      <label className="choice choice--off">
        <input type="radio" name="facebook-type" disabled />
        <span className="choice__text">
          <strong>Groups</strong>
          <span>Cannot be connected by API any more: Facebook removed its Groups API in April 2024.</span>
        </span>
      </label>
      <label className="choice choice--off">
        <input type="radio" name="facebook-type" disabled />
        <span className="choice__text">
          <strong>Profiles</strong>
          <span>
            Cannot be connected by API any more: Facebook ended posting to personal profiles for apps in 2018.
          </span>
        </span>
      </label>
    </fieldset>
  );
}
