// SPDX-License-Identifier: MIT
// The configurations, as data. A case is parts put together:
//
//   environment   variables
//   config, credentials   the shared files: text, or { section: { property: value or { nested: value } } }
//   files         what else is in the home: { path: text, or a function of the time in ms that gives it }
//   given         profile, region, endpoint: what the mount's options and the SDK's constructor are given
//   emulator      what the emulator is told: [[control path, body], …]
//   forgets       the SDK must not remember another case
//
// $HOME in any of them is the case's own home.
'use strict';

const { createHash } = require('node:crypto');

const account = '123456789012';
const regions = ['us-west-2', 'us-east-1', 'eu-west-1', 'eu-central-1', 'ap-northeast-1', 'cn-north-1', 'us-gov-west-1'];
const roleArn = (name) => `arn:aws:iam::${account}:role/${name}`;
const roles = ['one', 'two', 'three', 'four', 'sso', 'web'].map(roleArn);
const webRole = roleArn('web');
const webToken = 'emulator/secret+web.identity.token';
const containerToken = 'emulator/secret+container+token';
const sso = { token: 'emulator/secret+sso+access', refresh: 'emulator/secret+sso+refresh', client: 'emulator/secret+sso+client' };
const startUrl = 'https://corp.awsapps.com/start';

const keyOf = (label) => ({
  id: `AKIA${label.toUpperCase().padEnd(16, '0')}`,
  secret: `emulator/secret+${label}`,
  token: label === 'temporary' ? 'emulator/secret+token' : undefined,
});
const labels = ['environment', 'temporary', 'shared', 'config', 'process', 'base', 'other'];
const keys = labels.map(keyOf);

const inEnvironment = (label) => {
  const key = keyOf(label);
  return { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret, ...(key.token && { AWS_SESSION_TOKEN: key.token }) };
};
const inFile = (label) => {
  const key = keyOf(label);
  return { aws_access_key_id: key.id, aws_secret_access_key: key.secret, ...(key.token && { aws_session_token: key.token }) };
};
const inDocument = (label, more) => {
  const key = keyOf(label);
  return JSON.stringify({ Version: 1, AccessKeyId: key.id, SecretAccessKey: key.secret, SessionToken: key.token, ...more });
};

const section = (profile) => (profile === 'default' ? 'default' : `profile ${profile}`);
const inProfile = (profile, properties) => ({ config: { [section(profile)]: properties } });
const variables = (environment) => ({ environment });
const fault = (text) => ({ emulator: [['fault', text]] });
const hour = 3600 * 1000;

// Sources of keys, in the profile that is meant or beside it.

const roleProperties = (name, more) => ({ role_arn: roleArn(name), ...more });
const baseKeys = { credentials: { base: inFile('base') } };
const process = (name, command = '/bin/cat $HOME/keys.json') => inProfile(name, { credential_process: command });
const ssoFile = (key) => `.aws/sso/cache/${createHash('sha1').update(key).digest('hex')}.json`;
const ssoToken = (life_ms, more) => (now) =>
  JSON.stringify({ startUrl, region: 'us-east-1', accessToken: sso.token, expiresAt: new Date(now + life_ms).toISOString(), ...more });
const renewable = (life_ms) =>
  ssoToken(life_ms, {
    clientId: 'client',
    clientSecret: sso.client,
    refreshToken: sso.refresh,
    registrationExpiresAt: '2099-01-01T00:00:00Z',
  });
const ssoSession = { 'sso-session corp': { sso_start_url: startUrl, sso_region: 'us-east-1' } };
const ssoOf = { sso_account_id: account, sso_role_name: 'sso' };
const metadataOn = { AWS_EC2_METADATA_DISABLED: 'false' };
const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:8080/v1/credentials' };

const sources = {
  'environment': () => variables(inEnvironment('environment')),
  'environment web identity': () => [
    variables({ AWS_WEB_IDENTITY_TOKEN_FILE: '$HOME/token', AWS_ROLE_ARN: webRole }),
    { files: { token: webToken } },
  ],
  'role': (name) => [inProfile(name, roleProperties('one', { source_profile: 'base' })), baseKeys],
  'web identity': (name) => [
    inProfile(name, { web_identity_token_file: '$HOME/token', role_arn: webRole }),
    { files: { token: webToken } },
  ],
  'sso': (name) => [
    inProfile(name, { sso_session: 'corp', ...ssoOf }),
    { config: ssoSession, files: { [ssoFile('corp')]: ssoToken(hour) } },
  ],
  'legacy sso': (name) => [
    inProfile(name, { sso_start_url: startUrl, sso_region: 'us-east-1', ...ssoOf }),
    { files: { [ssoFile(startUrl)]: ssoToken(hour) } },
  ],
  'shared': (name) => ({ credentials: { [name]: inFile('shared') } }),
  'process': (name) => [process(name), { files: { 'keys.json': inDocument('process') } }],
  'config': (name) => inProfile(name, inFile('config')),
  'container': () => variables(container),
  'metadata': () => variables(metadataOn),
};

// Each of them spoilt.

const unknown = { aws_access_key_id: 'AKIANOBODYKNOWSTHIS0', aws_secret_access_key: 'x' };
const broken = {
  'environment: no secret': () => variables({ AWS_ACCESS_KEY_ID: keyOf('environment').id }),
  'environment: no id': () => variables({ AWS_SECRET_ACCESS_KEY: 'x' }),
  'environment: unknown': () => variables({ AWS_ACCESS_KEY_ID: unknown.aws_access_key_id, AWS_SECRET_ACCESS_KEY: 'x' }),
  'environment: wrong secret': () => variables({ ...inEnvironment('environment'), AWS_SECRET_ACCESS_KEY: 'x' }),
  'environment: token of another': () => variables({ ...inEnvironment('temporary'), AWS_SESSION_TOKEN: 'x' }),
  'shared: no secret': (name) => ({ credentials: { [name]: { aws_access_key_id: keyOf('shared').id } } }),
  'shared: no id': (name) => ({ credentials: { [name]: { aws_secret_access_key: 'x' } } }),
  'shared: unknown': (name) => ({ credentials: { [name]: unknown } }),
  'config: no secret': (name) => inProfile(name, { aws_access_key_id: keyOf('config').id }),
  'config: no id': (name) => inProfile(name, { aws_secret_access_key: 'x' }),
  'process: fails': (name) => process(name, '/bin/false'),
  'process: is not there': (name) => process(name, '/nonexistent/program'),
  'process: rubbish': (name) => [process(name), { files: { 'keys.json': 'rubbish' } }],
  'process: no version': (name) => [process(name), { files: { 'keys.json': inDocument('process', { Version: undefined }) } }],
  'process: another version': (name) => [process(name), { files: { 'keys.json': inDocument('process', { Version: 2 }) } }],
  'process: no secret': (name) => [
    process(name),
    { files: { 'keys.json': inDocument('process', { SecretAccessKey: undefined }) } },
  ],
  'role: no source': (name) => inProfile(name, roleProperties('one')),
  'role: two sources': (name) => [
    inProfile(name, roleProperties('one', { source_profile: 'base', credential_source: 'Environment' })),
    baseKeys,
  ],
  'role: source is not there': (name) => inProfile(name, roleProperties('one', { source_profile: 'nowhere' })),
  'role: source has no keys': (name) => [
    inProfile(name, roleProperties('one', { source_profile: 'base' })),
    inProfile('base', { region: 'us-west-2' }),
  ],
  'role: leads to itself': (name) => inProfile(name, roleProperties('one', { source_profile: name })),
  'role: goes round': (name) => [
    inProfile(name, roleProperties('one', { source_profile: 'base' })),
    inProfile('base', roleProperties('two', { source_profile: name })),
  ],
  'role: of no known source': (name) => inProfile(name, roleProperties('one', { credential_source: 'Elsewhere' })),
  'role: refused': (name) => [sources.role(name), fault('kind=code=AccessDenied:403\noperation=AssumeRole')],
  'role: unknown': (name) => [inProfile(name, roleProperties('nobodys', { source_profile: 'base' })), baseKeys],
  'role: wants a code': (name) => [
    inProfile(name, roleProperties('one', { source_profile: 'base', mfa_serial: `arn:aws:iam::${account}:mfa/me` })),
    baseKeys,
  ],
  'web identity: no file': (name) => inProfile(name, { web_identity_token_file: '$HOME/token', role_arn: webRole }),
  'web identity: wrong token': (name) => [sources['web identity'](name), { files: { token: 'another' } }],
  'web identity: no role': (name) => [inProfile(name, { web_identity_token_file: '$HOME/token' }), { files: { token: webToken } }],
  'environment web identity: no file': () => variables({ AWS_WEB_IDENTITY_TOKEN_FILE: '$HOME/token', AWS_ROLE_ARN: webRole }),
  'environment web identity: no role': () => [
    variables({ AWS_WEB_IDENTITY_TOKEN_FILE: '$HOME/token' }),
    { files: { token: webToken } },
  ],
  'sso: nobody signed in': (name) => [sources.sso(name), { files: { [ssoFile('corp')]: undefined } }],
  'sso: has ended': (name) => [sources.sso(name), { files: { [ssoFile('corp')]: ssoToken(-hour) } }],
  'sso: rubbish': (name) => [sources.sso(name), { files: { [ssoFile('corp')]: 'rubbish' } }],
  'sso: wrong token': (name) => [sources.sso(name), { files: { [ssoFile('corp')]: ssoToken(hour, { accessToken: 'x' }) } }],
  'sso: no such role': (name) => [sources.sso(name), inProfile(name, { sso_role_name: 'nobodys' })],
  'sso: no role': (name) => [sources.sso(name), inProfile(name, { sso_role_name: undefined })],
  'sso: no account': (name) => [sources.sso(name), inProfile(name, { sso_account_id: undefined })],
  'sso: no session': (name) => [sources.sso(name), { config: { 'sso-session corp': undefined } }],
  'sso: no region': (name) => [sources.sso(name), { config: { 'sso-session corp': { sso_region: undefined } } }],
  'sso: no start URL': (name) => [sources.sso(name), { config: { 'sso-session corp': { sso_start_url: undefined } } }],
  'legacy sso: nobody signed in': (name) => [sources['legacy sso'](name), { files: { [ssoFile(startUrl)]: undefined } }],
  'legacy sso: has ended': (name) => [sources['legacy sso'](name), { files: { [ssoFile(startUrl)]: ssoToken(-hour) } }],
  'legacy sso: no region': (name) => [sources['legacy sso'](name), inProfile(name, { sso_region: undefined })],
  'login session': (name) => inProfile(name, { login_session: `arn:aws:iam::${account}:user/me` }),
};

// What a mount in a container, or on an instance, may meet.

const atContainer = (path, host = '127.0.0.1:8080') =>
  variables({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${host}${path}` });
const containerAnswers = (text) => [variables(container), fault(`${text}\noperation=ContainerCredentials`)];
const metadataAnswers = (text) => [variables(metadataOn), fault(text)];
const tokenWanted = { emulator: [['set', `container_token=${containerToken}`]] };
const local = {
  'container: relative': variables({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v1/credentials' }),
  'container: relative, and the other': [
    variables({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v1/credentials' }),
    atContainer('/v1/credentials', 'localhost:8080'),
  ],
  'container: relative without a slash': variables({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: 'v1/credentials' }),
  'container: the agent of EKS': atContainer('/v1/credentials', '169.254.170.23'),
  'container: the agent of EKS, IPv6': atContainer('/v1/credentials', '[fd00:ec2::23]'),
  'container: IPv6': atContainer('/v1/credentials', '[::1]:8080'),
  'container: localhost': atContainer('/v1/credentials', 'localhost:8080'),
  'container: https': variables({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'https://sts.us-west-2.amazonaws.com/v1/credentials' }),
  'container: a stranger': atContainer('/v1/credentials', 'stranger.example'),
  'container: another address': atContainer('/v1/credentials', '169.254.169.254'),
  'container: no URL': variables({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'rubbish' }),
  'container: with a token': [
    variables({ ...container, AWS_CONTAINER_AUTHORIZATION_TOKEN: containerToken }),
    tokenWanted,
  ],
  'container: with a token file': [
    variables({ ...container, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '$HOME/token' }),
    { files: { token: containerToken } },
    tokenWanted,
  ],
  'container: a wrong token': [variables({ ...container, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'wrong' }), tokenWanted],
  'container: no token': [variables(container), tokenWanted],
  'container: a token file that is not there': [
    variables({ ...container, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '$HOME/token' }),
    tokenWanted,
  ],
  'container: the file before the variable': [
    variables({
      ...container,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '$HOME/token',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'wrong',
    }),
    { files: { token: containerToken } },
    tokenWanted,
  ],
  'container: not found': atContainer('/nothing'),
  'container: 500': containerAnswers('kind=status=500'),
  'container: a page': containerAnswers('kind=html'),
  'container: nothing': containerAnswers('kind=empty'),
  'container: an empty object': containerAnswers('kind=empty-object'),
  'container: comes back': containerAnswers('kind=status=500\ncount=1'),
  'container: before metadata': variables({ ...container, ...metadataOn }),
  'container: fails before metadata': [containerAnswers('kind=status=500'), variables(metadataOn)],
  'metadata: disabled': variables({ AWS_EC2_METADATA_DISABLED: 'true' }),
  'metadata: disabled, upper case': variables({ AWS_EC2_METADATA_DISABLED: 'TRUE' }),
  'metadata: IPv6': variables({ ...metadataOn, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv6' }),
  'metadata: a mode that is none': variables({ ...metadataOn, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv5' }),
  'metadata: an endpoint': variables({ ...metadataOn, AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.2:8080' }),
  'metadata: an endpoint with a slash': variables({ ...metadataOn, AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.2:8080/' }),
  'metadata: an endpoint of the profile': [
    variables(metadataOn),
    inProfile('default', { ec2_metadata_service_endpoint: 'http://127.0.0.2:8080' }),
  ],
  'metadata: IPv6 of the profile': [variables(metadataOn), inProfile('default', { ec2_metadata_service_endpoint_mode: 'IPv6' })],
  'metadata: no role': [variables(metadataOn), { emulator: [['set', 'instance_role=']] }],
  'metadata: no version 2': metadataAnswers('kind=status=404\noperation=MetadataToken'),
  'metadata: 400 for a token': metadataAnswers('kind=status=400\noperation=MetadataToken'),
  'metadata: refuses': metadataAnswers('kind=status=403\noperation=MetadataToken'),
  'metadata: a page': metadataAnswers('kind=html\noperation=MetadataCredentials'),
  'metadata: an empty object': metadataAnswers('kind=empty-object\noperation=MetadataCredentials'),
  'metadata: 500': metadataAnswers('kind=status=500\noperation=MetadataCredentials'),
};

// Roles on roles, and on each source.

const chained = (depth, bottom) => [
  ...['one', 'two', 'three', 'four'].slice(0, depth).map((name, i, names) =>
    inProfile(i ? name : 'default', roleProperties(name, { source_profile: names[i + 1] ?? 'base' }))),
  ...[bottom('base')].flat(),
];
const roleCases = {};
for (const depth of [1, 2, 3, 4])
  for (const name of ['shared', 'config', 'process', 'web identity', 'sso', 'legacy sso'])
    roleCases[`${depth} on ${name}`] = chained(depth, sources[name]);
for (const name of ['shared: no secret', 'shared: unknown', 'process: fails', 'sso: has ended', 'web identity: no file', 'role: no source'])
  for (const depth of [1, 2]) roleCases[`${depth} on a broken ${name}`] = chained(depth, broken[name]);
for (const [credential_source, part] of [
  ['Environment', variables(inEnvironment('environment'))],
  ['EcsContainer', variables(container)],
  ['Ec2InstanceMetadata', variables(metadataOn)],
]) {
  const role = inProfile('dev', roleProperties('one', { credential_source }));
  const there = { given: { profile: 'dev' } };
  roleCases[`of ${credential_source}`] = [role, part, there];
  roleCases[`of ${credential_source}, which is not there`] = [role, there];
  roleCases[`of ${credential_source}, in a source profile`] = [
    inProfile('dev', roleProperties('two', { source_profile: 'below' })),
    inProfile('below', roleProperties('one', { credential_source })),
    part,
    there,
  ];
}
const roleWith = (properties) => [inProfile('default', roleProperties('one', { source_profile: 'base', ...properties })), baseKeys];
Object.assign(roleCases, {
  'with an external id': roleWith({ external_id: 'outside' }),
  'with a session name': roleWith({ role_session_name: 'ops' }),
  'with a duration': roleWith({ duration_seconds: '900' }),
  'with a duration that is none': roleWith({ duration_seconds: 'long' }),
  'with keys beside it': [roleWith({}), inProfile('default', inFile('config'))],
  'of itself, with keys': inProfile('default', roleProperties('one', { source_profile: 'default', ...inFile('config') })),
  'of itself, with shared keys': [
    inProfile('default', roleProperties('one', { source_profile: 'default' })),
    { credentials: { default: inFile('shared') } },
  ],
  'with keys half way': [
    inProfile('default', roleProperties('one', { source_profile: 'middle' })),
    inProfile('middle', roleProperties('two', { source_profile: 'base', ...inFile('config') })),
    baseKeys,
  ],
  'that stands in the credentials file': [
    { credentials: { default: roleProperties('one', { source_profile: 'base' }) } },
    baseKeys,
  ],
  'in another region': roleWith({ region: 'eu-west-1' }),
});

// Files and profiles.

const ini = (label, newline = '\n') =>
  Object.entries(inFile(label)).map(([name, value]) => `${name} = ${value}${newline}`).join('');
const dev = { given: { profile: 'dev' } };
const fileCases = {
  'config elsewhere': [variables({ AWS_CONFIG_FILE: '$HOME/there' }), { files: { there: `[default]\n${ini('config')}` } }],
  'credentials elsewhere': [
    variables({ AWS_SHARED_CREDENTIALS_FILE: '$HOME/there' }),
    { files: { there: `[default]\n${ini('shared')}` }, credentials: { default: inFile('other') } },
  ],
  'config under ~': [variables({ AWS_CONFIG_FILE: '~/there' }), { files: { there: `[default]\n${ini('config')}` } }],
  'credentials under ~': [
    variables({ AWS_SHARED_CREDENTIALS_FILE: '~/there' }),
    { files: { there: `[default]\n${ini('shared')}` } },
  ],
  'config that is not there': [variables({ AWS_CONFIG_FILE: '/nonexistent' }), { credentials: { default: inFile('shared') } }],
  'credentials that are not there': [
    variables({ AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' }),
    inProfile('default', inFile('config')),
  ],
  'no files at all': {},
  'empty files': { config: '', credentials: '' },
  'empty variables': [
    variables({ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '' }),
    { credentials: { default: inFile('shared') } },
  ],
  'comments': { credentials: `# one\n; two\n[default] ; three\n# four\n${ini('shared')}# five\n` },
  'carriage returns': { credentials: `[default]\r\n${ini('shared', '\r\n')}` },
  'no newline at the end': { credentials: `[default]\n${ini('shared').trimEnd()}` },
  'blanks around': { credentials: `[default]\naws_access_key_id   =   ${keyOf('shared').id}  \naws_secret_access_key=${keyOf('shared').secret}\n` },
  'a quoted name': [{ config: `[profile "dev"]\n${ini('config')}` }, dev],
  'blanks in the header': [{ config: `[profile   dev]\n${ini('config')}` }, dev],
  'a name with signs': [{ config: `[profile a.b-c@d]\n${ini('config')}` }, { given: { profile: 'a.b-c@d' } }],
  'a section of that name twice': { credentials: `[default]\n${ini('other')}[default]\n${ini('shared')}` },
  'profile default': { config: `[profile default]\n${ini('config')}` },
  'profile default, and default': { config: `[default]\n${ini('other')}[profile default]\n${ini('config')}` },
  'a profile in the credentials file': [{ credentials: { dev: inFile('shared') } }, dev],
  'a profile in both files': [{ credentials: { dev: inFile('shared') }, config: { 'profile dev': inFile('config') } }, dev],
  'keys with a token': [{ credentials: { dev: inFile('temporary') } }, dev],
  'keys with a token in config': [{ config: { 'profile dev': inFile('temporary') } }, dev],
  'keys with a token, of a process': [process('dev'), { files: { 'keys.json': inDocument('temporary') } }, dev],
  'keys with a token in the environment': variables(inEnvironment('temporary')),
  'keys of a process with an end': [
    process('dev'),
    { files: { 'keys.json': (now) => inDocument('process', { Expiration: new Date(now + hour).toISOString() }) } },
    dev,
  ],
  'the other profile': [{ credentials: { default: inFile('other'), dev: inFile('shared') } }, dev],
  'the profile of the environment': [
    { credentials: { default: inFile('other'), dev: inFile('shared') } },
    variables({ AWS_PROFILE: 'dev' }),
  ],
  'the given profile before that of the environment': [
    { credentials: { other: inFile('other'), dev: inFile('shared') } },
    variables({ AWS_PROFILE: 'other' }),
    dev,
  ],
  'a profile that is nowhere': [{ credentials: { default: inFile('shared') } }, dev],
  'a profile of the environment that is nowhere': [
    { credentials: { default: inFile('shared') } },
    variables({ AWS_PROFILE: 'dev' }),
  ],
  'a command with quotes': [process('dev', `/bin/cat "$HOME/my keys.json"`), { files: { 'my keys.json': inDocument('process') } }, dev],
  'a command with an escape': [process('dev', '/bin/cat $HOME/my\\ keys.json'), { files: { 'my keys.json': inDocument('process') } }, dev],
  'sso in the credentials file': [
    { credentials: { default: { sso_start_url: startUrl, sso_region: 'us-east-1', ...ssoOf } } },
    { files: { [ssoFile(startUrl)]: ssoToken(hour) } },
  ],
  'sso that is renewed': [sources.sso('default'), { files: { [ssoFile('corp')]: renewable(-hour) }, forgets: true }],
  'sso that is renewed before it ends': [
    sources.sso('default'),
    { files: { [ssoFile('corp')]: renewable(2 * 60 * 1000) }, forgets: true },
  ],
  'sso that cannot be renewed': [
    sources.sso('default'),
    { files: { [ssoFile('corp')]: renewable(-hour) }, forgets: true },
    fault('kind=status=400\noperation=CreateToken'),
  ],
  'sso that cannot be renewed yet': [
    sources.sso('default'),
    { files: { [ssoFile('corp')]: renewable(2 * 60 * 1000) }, forgets: true },
    fault('kind=status=400\noperation=CreateToken'),
  ],
  'legacy sso that could be renewed': [
    sources['legacy sso']('default'),
    { files: { [ssoFile(startUrl)]: renewable(-hour) }, forgets: true },
  ],
  'sso that says it twice': [sources.sso('default'), inProfile('default', { sso_region: 'us-east-1', sso_start_url: startUrl })],
  'two homes': [variables({ HOME: '$HOME/other' }), { credentials: { default: inFile('shared') } }],
};

// Regions and endpoints, with keys that are not in question.

const anyKeys = variables(inEnvironment('environment'));
const noKeys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
const regionCases = {};
for (const given of [undefined, 'eu-west-1'])
  for (const AWS_REGION of [undefined, 'us-east-1'])
    for (const AWS_DEFAULT_REGION of [undefined, 'ap-northeast-1'])
      for (const region of [undefined, 'eu-central-1'])
        regionCases[[given && 'given', AWS_REGION && 'AWS_REGION', AWS_DEFAULT_REGION && 'AWS_DEFAULT_REGION', region && 'profile']
          .filter(Boolean).join(', ') || 'none'] = [
          variables({ AWS_REGION, AWS_DEFAULT_REGION }),
          inProfile('default', { region, output: 'json' }),
          { given: { region } && { region: given } },
        ];
Object.assign(regionCases, {
  'in the credentials file': [variables({ AWS_REGION: undefined }), { credentials: { default: { region: 'eu-west-1' } } }],
  'in both files': [
    variables({ AWS_REGION: undefined }),
    { config: { default: { region: 'eu-west-1' } }, credentials: { default: { region: 'us-east-1' } } },
  ],
  'of the given profile': [
    variables({ AWS_REGION: undefined }),
    inProfile('dev', { region: 'eu-west-1', ...inFile('config') }),
    dev,
  ],
  'of the profile of the environment': [
    variables({ AWS_REGION: undefined, AWS_PROFILE: 'dev', ...noKeys }),
    inProfile('dev', { region: 'eu-west-1', ...inFile('config') }),
  ],
  'empty': variables({ AWS_REGION: '' }),
  'rubbish': variables({ AWS_REGION: 'no/where' }),
  'of China': variables({ AWS_REGION: 'cn-north-1' }),
  'of GovCloud': variables({ AWS_REGION: 'us-gov-west-1' }),
});

const endpointAt = (n) => `http://127.0.0.${n}:8080`;
const endpointCases = {};
for (const given of [undefined, endpointAt(10)])
  for (const own of [undefined, endpointAt(11)])
    for (const all of [undefined, endpointAt(12)])
      for (const services of [undefined, endpointAt(13)])
        for (const profile of [undefined, endpointAt(14)])
          for (const ignored of given || own ? [undefined, 'true'] : [undefined, 'true', 'false']) {
            const names = { given, AWS_ENDPOINT_URL_PERSONALIZE: own, AWS_ENDPOINT_URL: all, services, profile };
            const there = Object.keys(names).filter((name) => names[name]);
            if (!there.length) continue;
            endpointCases[`${there.join(', ')}${ignored ? `, ignored: ${ignored}` : ''}`] = [
              variables({
                AWS_ENDPOINT_URL_PERSONALIZE: own,
                AWS_ENDPOINT_URL: all,
                AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: ignored,
              }),
              inProfile('default', { endpoint_url: profile, services: services && 'local' }),
              { config: services && { 'services local': { personalize: { endpoint_url: services } } } },
              { given: { endpoint: given } },
            ];
          }
for (const region of ['us-west-2', 'cn-north-1', 'us-gov-west-1'])
  for (const fips of [undefined, 'true'])
    for (const dualStack of [undefined, 'true'])
      for (const url of region === 'us-west-2' ? [undefined, endpointAt(11)] : [undefined])
        endpointCases[`${region}${fips ? ', FIPS' : ''}${dualStack ? ', dual stack' : ''}${url ? ', own' : ''}`] = variables({
          AWS_REGION: region,
          AWS_USE_FIPS_ENDPOINT: fips,
          AWS_USE_DUALSTACK_ENDPOINT: dualStack,
          AWS_ENDPOINT_URL_PERSONALIZE: url,
        });
Object.assign(endpointCases, {
  'ignored by the profile': inProfile('default', { endpoint_url: endpointAt(14), ignore_configured_endpoint_urls: 'true' }),
  'a services section that is nowhere': inProfile('default', { services: 'nowhere' }),
  'a services section without it': [
    inProfile('default', { services: 'local', endpoint_url: endpointAt(14) }),
    { config: { 'services local': { s3: { endpoint_url: endpointAt(13) } } } },
  ],
  'of the profile of the environment': [
    variables({ AWS_PROFILE: 'dev', ...noKeys }),
    inProfile('dev', { endpoint_url: endpointAt(14), ...inFile('config') }),
    inProfile('default', { endpoint_url: endpointAt(13) }),
  ],
  'in the credentials file': { credentials: { default: { endpoint_url: endpointAt(14) } } },
  'FIPS of the profile': inProfile('default', { use_fips_endpoint: 'true' }),
  'dual stack of the profile': inProfile('default', { use_dualstack_endpoint: 'true' }),
  'rubbish': variables({ AWS_ENDPOINT_URL: 'rubbish' }),
  'of nobody': variables({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }),
  'of a stranger': variables({ AWS_ENDPOINT_URL: 'https://stranger.example' }),
  'https': variables({ AWS_ENDPOINT_URL: 'https://personalize.eu-west-1.amazonaws.com' }),
  'IPv6': variables({ AWS_ENDPOINT_URL: 'http://[::1]:8080' }),
  'with a slash': variables({ AWS_ENDPOINT_URL: `${endpointAt(11)}/` }),
  'of STS, for a role': [
    sources.role('default'),
    variables({ AWS_ENDPOINT_URL_STS: endpointAt(15), ...noKeys }),
  ],
  'of all, for a role': [
    sources.role('default'),
    variables({ AWS_ENDPOINT_URL: endpointAt(12), ...noKeys }),
  ],
});

// Put together

const merged = (into, from) => {
  for (const [name, value] of Object.entries(from))
    into[name] =
      value && typeof value === 'object' && !Array.isArray(value)
        ? merged(typeof into[name] === 'object' ? into[name] : {}, value)
        : Array.isArray(value) && into[name]
          ? [...into[name], ...value]
          : value;
  return into;
};
const base = { environment: { AWS_REGION: 'us-west-2', AWS_EC2_METADATA_DISABLED: 'true' }, given: {} };
const combine = (name, ...parts) => parts.flat(Infinity).reduce(merged, merged({ name }, base));

const selections = {
  default: ['default', {}],
  AWS_PROFILE: ['dev', variables({ AWS_PROFILE: 'dev' })],
  given: ['dev', { given: { profile: 'dev' } }],
};

function* generate() {
  const names = Object.keys(sources);
  for (const [selection, [profile, part]] of Object.entries(selections)) {
    const there = profile === 'default' ? {} : inProfile(profile, { output: 'json' });
    for (const [i, one] of names.entries()) {
      yield combine(`${selection}: ${one}`, there, part, sources[one](profile));
      // How the profile was chosen matters to what stands in the environment alone.
      if (selection !== 'default' && !one.startsWith('environment')) continue;
      for (const other of names.slice(i + 1))
        yield combine(`${selection}: ${one} and ${other}`, there, part, sources[other](profile), sources[one](profile));
    }
  }
  for (const [what, source] of Object.entries(broken)) {
    yield combine(`broken ${what}`, source('default'));
    yield combine(`broken ${what}, in a container`, source('dev'), inProfile('dev', { output: 'json' }), sources.container(), {
      given: what.startsWith('environment') ? {} : { profile: 'dev' },
    });
  }
  for (const [what, parts] of Object.entries(local)) yield combine(what, parts);
  for (const [what, parts] of Object.entries(roleCases)) yield combine(`role ${what}`, parts);
  for (const [what, parts] of Object.entries(fileCases)) yield combine(`files: ${what}`, parts);
  for (const [what, parts] of Object.entries(regionCases)) yield combine(`region: ${what}`, anyKeys, variables({ AWS_REGION: undefined }), parts);
  for (const [what, parts] of Object.entries(endpointCases)) yield combine(`endpoint: ${what}`, anyKeys, parts);
}

module.exports = { account, regions, roles, webToken, sso, keys, cases: [...generate()] };
