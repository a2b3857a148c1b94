// SPDX-License-Identifier: MIT
// Where the SDK's chain is not botocore's, and the mount is with botocore. Each difference must be one of these kinds, and
// botocore itself (the library under the aws command of this machine) must then come to what the mount came to: the same
// keys, or a failure. Where it is too old to know of the matter, `since` says what was read in a newer one instead.
'use strict';

const anotherKey = ({ sdk, mount }) => sdk.key && mount.key && sdk.key !== mount.key;
const only = (fails, works) => fails.failed !== undefined && works.failed === undefined;

const kinds = {
  'keys in the environment come before AWS_PROFILE': {
    reason:
      'The SDK leaves the environment out where AWS_PROFILE is set; botocore only where a profile is given in the program ' +
      '(create_credential_resolver).',
    is: (one, { mount }) =>
      one.environment.AWS_PROFILE && one.environment.AWS_ACCESS_KEY_ID && mount.key === one.environment.AWS_ACCESS_KEY_ID,
  },
  'a given profile leaves the environment out': {
    reason:
      'The SDK leaves out its keys, but not a web identity; botocore leaves out both (create_credential_resolver, ' +
      'disable_env_vars).',
    is: (one, { sdk, mount }) => one.given.profile && one.environment.AWS_WEB_IDENTITY_TOKEN_FILE && only(mount, sdk),
  },
  'the order of the sources in a profile': {
    reason:
      'The SDK takes keys that stand in either file first, credential_process before SSO, and a web identity of the ' +
      'environment after all of the profile; botocore: web identity, SSO, credentials file, credential_process, config file.',
    is: (one, result) => / and /.test(one.name) && anotherKey(result),
  },
  'a source that is configured and fails is not passed over': {
    reason: 'The SDK goes on to the next source, here the container, with another identity; botocore says what is wrong.',
    is: (one, { sdk, mount }) => /^broken .*, in a container$/.test(one.name) && only(mount, sdk) && /^\/v1\/credentials/.test(sdk.key),
  },
  'which of two settings of a container counts': {
    reason:
      'The SDK prefers the full URI to the relative one, and the token in the environment to that in the file; botocore the ' +
      'other way round.',
    since: 'botocore 1.43: ContainerProvider._retrieve_or_fail, _build_headers',
    is: (one) => ['container: relative, and the other', 'container: the file before the variable'].includes(one.name),
  },
  'a duration that is no number': {
    reason: 'The SDK asks STS for NaN seconds; botocore leaves duration_seconds out.',
    is: (one, { sdk, mount }) => one.name === 'role with a duration that is none' && only(sdk, mount),
  },
  'AWS_DEFAULT_REGION': {
    reason: 'The SDK does not know it; it is the variable of the aws command and of botocore.',
    is: (one, { mount, botocore }) =>
      one.environment.AWS_DEFAULT_REGION && mount.region === one.environment.AWS_DEFAULT_REGION && mount.region === botocore.region,
  },
  'AWS_EC2_METADATA_DISABLED holds for credential_source too': {
    reason: 'The SDK asks instance metadata all the same; botocore does not.',
    is: (one, { sdk, mount }) => one.name === 'role of Ec2InstanceMetadata, which is not there' && only(mount, sdk),
  },
  'blanks in a section\'s header': {
    reason: 'The SDK wants exactly one before the name; botocore, and AWS\'s own test vectors, take any number.',
    is: (one, { sdk, mount }) => one.name === 'files: blanks in the header' && only(sdk, mount),
  },
  'a services section that is nowhere': {
    reason: 'The SDK then asks the usual host; botocore refuses to go where nobody meant it to.',
    since: 'botocore 1.43: ConfiguredEndpointProvider._get_services_config',
    is: (one, { sdk, mount }) => one.name === 'endpoint: a services section that is nowhere' && only(mount, sdk),
  },
};

const agree = (botocore, mount) => (botocore.failed !== undefined ? mount.failed !== undefined : botocore.key === mount.key);

// The name of the kind of a difference; undefined: it is not allowed.
function kindOf(one, result) {
  return Object.keys(kinds).find(
    (name) => kinds[name].is(one, result) && (kinds[name].since || agree(result.botocore, result.mount)));
}

module.exports = { kinds, kindOf };
