// What @cloud-copilot/iam-simulate makes of requests: one case a line on stdin, one outcome a line on stdout.
// The first line holds documents by name; a policy of a case is such a name or a document. The package is the one that
// is installed in the working directory.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { runSimulation } = createRequire(`${process.cwd()}/`)('@cloud-copilot/iam-simulate')

let documents
const named = (policy, index) => ({
  name: String(index),
  policy: typeof policy === 'string' ? documents[policy] : policy,
})

// A key is used by IAM policies because its own policy says so; this one is what KMS gives a new key.
const keyPolicy = (account) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
})

async function decide({ principal, action, resource, context, identity, boundary, levels }) {
  const account = principal.split(':')[4]
  const result = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies: identity.map(named),
      permissionBoundaryPolicies: boundary ? [named(boundary, 0)] : undefined,
      serviceControlPolicies: levels.map((policies, level) => ({
        orgIdentifier: String(level),
        policies: policies.map(named),
      })),
      resourceControlPolicies: [],
      resourcePolicy: action.toLowerCase().startsWith('kms:') && resource !== '*' ? keyPolicy(account) : undefined,
    },
    { simulationMode: 'Strict' },
  )
  if (result.resultType !== 'single') return `${result.resultType} ${JSON.stringify(result.errors)}`
  const ignored = result.result.ignoredContextKeys
  return ignored?.length ? `ignored ${ignored}` : result.overallResult
}

let output = []
for await (const line of createInterface({ input: process.stdin })) {
  if (!documents) {
    documents = JSON.parse(line)
    continue
  }
  output.push(await decide(JSON.parse(line)))
}
process.stdout.write(output.map((line) => `${line}\n`).join(''))
