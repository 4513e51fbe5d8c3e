import { type AccountFacts, accountType, resourceStatus, traitStatus } from '../account-resource.ts';
import { UserTraitSchema } from '../generated/c1/connector/v2/trait_pb.ts';
import { FieldWriter } from './field-writer.ts';
import { typeUrlOf, writeAnnotation, writeName, writeProfile, writeRawId } from './resource-fields.ts';

const USER_TRAIT = typeUrlOf(UserTraitSchema);

/** Encodes accounts to the same bytes as `accountResource`, without building its messages. */
export class AccountEncoder {
  readonly #writer = new FieldWriter();
  readonly #profile = new FieldWriter();

  /**
   * Encodes the account as a Resource.
   * @returns a view that the next call overwrites
   */
  resource(facts: AccountFacts): Uint8Array {
    const { gid, parent, displayName, profile } = facts;
    const writer = this.#writer.clear();
    writeProfile(this.#profile.clear(), profile);
    writeName(writer, ['user', gid], parent, displayName);
    writeAnnotation(writer, USER_TRAIT, () => this.#writeTrait(facts));
    writeRawId(writer, gid);
    writer.message(9, this.#profile.written());
    const status = writer.begin(11);
    return writer.number(1, resourceStatus(facts)).end(status).written();
  }

  /**
   * Encodes field 2 of a Grant: the account as the principal.
   * @returns a view that the next call overwrites
   */
  principal({ gid, parent, displayName }: AccountFacts): Uint8Array {
    const writer = this.#writer.clear();
    const inside = writer.begin(2);
    writeName(writer, ['user', gid], parent, displayName);
    return writer.end(inside).written();
  }

  #writeTrait(facts: AccountFacts): void {
    const { address, login, structuredName, employeeNumber } = facts;
    const writer = this.#writer;
    if (address !== null) {
      const email = writer.begin(1);
      writer.string(1, address).number(2, 1).end(email);
    }
    const status = writer.begin(2);
    writer.number(1, traitStatus(facts)).end(status);
    writer.message(3, this.#profile.written());
    writer.number(5, accountType(facts));
    writer.string(6, login);
    if (structuredName !== null) {
      const name = writer.begin(12);
      writer.string(1, structuredName.givenName).string(2, structuredName.familyName).end(name);
    }
    if (employeeNumber !== null) writer.text(13, employeeNumber);
  }
}
