import type { GrantKindName, GrantObject } from '../../api/kinds.ts';
import { Store } from '../../kubernetes/store.ts';
import { WordPool } from '../../kubernetes/word-pool.ts';
import {
  CONNECTOR_INDEX,
  connectorKeyOf,
  emailIdentity,
  gidIdentity,
  IDENTITY_INDEX,
  identitiesOf,
} from './grant-identity.ts';
import { type GrantKind, grantKinds } from './grant-kinds.ts';

/** A grant with its kind, which the stored object itself does not contain. */
export interface KnownGrant {
  readonly kind: GrantKind;
  readonly object: GrantObject;
}

/** The grants of every kind as last seen. */
export class GrantStores {
  readonly #stores = new Map<GrantKindName, Store<GrantObject>>();

  /** @param newWords creates the pool by which a store shares strings; `null` if they are shared already */
  constructor(newWords: () => WordPool | null = () => new WordPool()) {
    for (const kind of grantKinds) {
      const indexers = {
        [IDENTITY_INDEX]: (grant: GrantObject) => identitiesOf(kind, grant),
        [CONNECTOR_INDEX]: (grant: GrantObject) => [connectorKeyOf(grant)],
      };
      this.#stores.set(kind.resource.kind, new Store(indexers, newWords()));
    }
  }

  of(kind: GrantKind): Store<GrantObject> {
    const store = this.#stores.get(kind.resource.kind);
    if (!store) throw new TypeError(`there is no store of ${kind.resource.kind}`);
    return store;
  }

  /** Returns every grant that names a connector. */
  byConnector(connectorKey: string): KnownGrant[] {
    return this.#by(CONNECTOR_INDEX, connectorKey);
  }

  /** Returns every grant that may be for the account; whether it is, is decided on the gid. */
  byAccount(account: { readonly gid: string | null; readonly email: string | null }): KnownGrant[] {
    const names = [
      ...(account.gid === null ? [] : [gidIdentity(account.gid)]),
      ...(account.email === null ? [] : [emailIdentity(account.email)]),
    ];
    return this.byIdentities(names);
  }

  /** Returns every grant that has one of these identities. */
  byIdentities(names: Iterable<string>): KnownGrant[] {
    const found = new Map<string, KnownGrant>();
    for (const name of names)
      for (const known of this.#by(IDENTITY_INDEX, name)) found.set(known.object.metadata.uid, known);
    return [...found.values()];
  }

  #by(index: string, value: string): KnownGrant[] {
    return grantKinds.flatMap((kind) =>
      this.of(kind)
        .by(index, value)
        .map((object) => ({ kind, object })),
    );
  }
}
